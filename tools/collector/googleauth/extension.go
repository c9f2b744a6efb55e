// Package googleauth puts an access token of the workload's own service account on requests to Google's APIs, as its metadata
// server gives them.
package googleauth

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// Config of the extension.
type Config struct {
	// Project is charged for the requests (cloud.google.com/apis/docs/system-parameters, X-Goog-User-Project).
	Project string `mapstructure:"project"`
}

const scope = "https://www.googleapis.com/auth/cloud-platform"

type authenticator struct {
	component.ShutdownFunc
	project string
	tokens  oauth2.TokenSource
}

var _ extensionauth.HTTPClient = (*authenticator)(nil)

// NewFactory makes `googleauth` extensions.
func NewFactory() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("googleauth"),
		func() component.Config { return &Config{} },
		func(_ context.Context, _ extension.Settings, config component.Config) (extension.Extension, error) {
			return &authenticator{project: config.(*Config).Project}, nil
		},
		component.StabilityLevelStable,
	)
}

// Start finds the credentials; a token is asked for only with the first request.
func (a *authenticator) Start(context.Context, component.Host) error {
	// Tokens are renewed for as long as the process lives, so with no context that ends.
	credentials, err := google.FindDefaultCredentials(context.Background(), scope)
	if err != nil {
		return fmt.Errorf("no Google credentials: %w", err)
	}
	a.tokens = credentials.TokenSource
	return nil
}

// RoundTripper adds the token to every request.
func (a *authenticator) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	transport := &oauth2.Transport{Source: a.tokens, Base: base}
	if a.project == "" {
		return transport, nil
	}
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		charged := request.Clone(request.Context())
		charged.Header.Set("X-Goog-User-Project", a.project)
		return transport.RoundTrip(charged)
	}), nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
