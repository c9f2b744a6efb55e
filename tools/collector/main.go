// Program otelcol-bailiwick is the OpenTelemetry Collector of both clouds. This file is its list of components: what is not
// named here is not in the image.
package main

import (
	"fmt"
	"net"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/healthcheckextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oidcauthextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/redactionprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"

	// An image without a base has no root certificates; those of Mozilla are used where the system has none.
	_ "golang.org/x/crypto/x509roots/fallback"

	"bailiwick.example/tools/collector/archive"
	"bailiwick.example/tools/collector/bodylimit"
	"bailiwick.example/tools/collector/googleauth"
)

// version is set by the linker.
var version = "dev"

func main() {
	for _, prepare := range []func() error{writeKeys, choosePort} {
		if err := prepare(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	// Without arguments the variable names the configuration: not every platform lets a deployment say arguments.
	if file := os.Getenv("COLLECTOR_CONFIG"); file != "" && len(os.Args) == 1 {
		os.Args = append(os.Args, "--config", file)
	}
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "otelcol-bailiwick", Description: "Receives telemetry and stores it before it answers", Version: version},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory(), fileprovider.NewFactory()},
			},
		},
	})
	if err := command.Execute(); err != nil {
		os.Exit(1)
	}
}

// The keys of the senders arrive as a variable, since not every platform mounts files; the authenticator reads a file.
func writeKeys() error {
	keys := os.Getenv("SENDER_KEYS")
	if keys == "" {
		return nil
	}
	file, err := os.CreateTemp("", "sender-keys-*.json")
	if err != nil {
		return fmt.Errorf("the senders' keys (SENDER_KEYS) cannot be kept: %w", err)
	}
	if _, err = file.WriteString(keys); err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("the senders' keys (SENDER_KEYS) cannot be kept: %w", err)
	}
	return os.Setenv("SENDER_KEYS_FILE", file.Name())
}

// What the collector counts of itself it sends to itself, over a port that nobody else can reach and no deployment need know.
func choosePort() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no port on loopback for the collector's own counts: %w", err)
	}
	defer listener.Close()
	return os.Setenv("OWN_ADDRESS", listener.Addr().String())
}

func factories() (otelcol.Factories, error) {
	made := otelcol.Factories{Telemetry: newTelemetry()}
	var err error
	if made.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory()); err != nil {
		return made, err
	}
	if made.Processors, err = otelcol.MakeFactoryMap[processor.Factory](
		memorylimiterprocessor.NewFactory(),
		filterprocessor.NewFactory(),
		transformprocessor.NewFactory(),
		redactionprocessor.NewFactory(),
	); err != nil {
		return made, err
	}
	if made.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](
		archive.NewFactory(),
		otlphttpexporter.NewFactory(),
	); err != nil {
		return made, err
	}
	made.Extensions, err = otelcol.MakeFactoryMap[extension.Factory](
		healthcheckextension.NewFactory(),
		oidcauthextension.NewFactory(),
		sigv4authextension.NewFactory(),
		googleauth.NewFactory(),
		bodylimit.NewFactory(),
	)
	return made, err
}
