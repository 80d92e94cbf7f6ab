package main

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// Values of flags that are addresses. Kong puts the flag's name before the error, which says
// what to write. An empty value is for the command to judge.

// hostFlag is a host name or an IP address.
type hostFlag string

// UnmarshalText reads the flag.
func (f *hostFlag) UnmarshalText(text []byte) error {
	return readFlag(f, text, func(s string) (string, *pbx.Error) { return pbx.ParseHost("", s) })
}

// serverFlag is a host and a port to connect to.
type serverFlag string

// UnmarshalText reads the flag.
func (f *serverFlag) UnmarshalText(text []byte) error {
	return readFlag(f, text, func(s string) (string, *pbx.Error) { return pbx.ParseHostPort("", s, false) })
}

// listenFlag is a port to listen on, with an address of this machine or without.
type listenFlag string

// UnmarshalText reads the flag.
func (f *listenFlag) UnmarshalText(text []byte) error {
	return readFlag(f, text, func(s string) (string, *pbx.Error) { return pbx.ParseHostPort("", s, true) })
}

// baseFlag is the URL of a server, without a path.
type baseFlag string

// UnmarshalText reads the flag.
func (f *baseFlag) UnmarshalText(text []byte) error {
	return readFlag(f, text, func(s string) (string, *pbx.Error) { return pbx.ParseBaseURL("", s, false) })
}

// pathFlag is the URL of a service, with its path.
type pathFlag string

// UnmarshalText reads the flag.
func (f *pathFlag) UnmarshalText(text []byte) error {
	return readFlag(f, text, func(s string) (string, *pbx.Error) { return pbx.ParseBaseURL("", s, true) })
}

func readFlag[T ~string](f *T, text []byte, parse func(string) (string, *pbx.Error)) error {
	if len(text) == 0 {
		*f = ""
		return nil
	}
	value, err := parse(string(text))
	if err != nil {
		return err
	}
	*f = T(value)
	return nil
}
