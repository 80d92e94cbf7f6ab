package main

import "github.com/dialtone-pbx/dialtone/provisioner/limit"

// webhookFlags say where webhooks and applications may lead beside the public internet.
type webhookFlags struct {
	WebhookNetworks limit.Proxies `name:"webhook-networks" help:"Networks of your own that webhooks and applications of tenants may lead to, over HTTP too, with commas between; whatever answers there is at the mercy of every tenant. Without them these lead to the public internet alone, over HTTPS." placeholder:"NETWORKS" env:"DIALTONE_WEBHOOK_NETWORKS"`
}
