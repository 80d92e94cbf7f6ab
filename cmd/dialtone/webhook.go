package main

import "github.com/dialtone-pbx/dialtone/provisioner/limit"

// webhookFlags say where webhooks may lead beside the public internet.
type webhookFlags struct {
	WebhookNetworks limit.Proxies `name:"webhook-networks" help:"Networks of your own that webhooks of tenants may lead to, over HTTP too, with commas between; whatever answers there is at the mercy of every tenant. Without them webhooks lead to the public internet alone, over HTTPS." placeholder:"NETWORKS" env:"DIALTONE_WEBHOOK_NETWORKS"`
}
