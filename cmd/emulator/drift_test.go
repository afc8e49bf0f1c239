package main_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"

	"github.com/laravel-ecs/laravel-ecs/ops/drift"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestSecretsAreNotCompared: a change by hand is found, except for the value of a secret, which the comparison does not read.
func TestSecretsAreNotCompared(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("staging")
	for token, change := range map[string]map[string]any{
		"aws:secretsmanager/secretVersion:SecretVersion": {"secretString": "changed by hand"},
		"aws:autoscaling/group:Group":                    {"maxSize": 9},
	} {
		for property, value := range change {
			if err := l.Account().Tamper(token, l.Account().List(token)[0].ID, property, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := func(flags ...string) string {
		text, err := l.PreviewJSON(t.Context(), append(flags, "--refresh")...)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := preview.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(drift.Lines(changes), "\n")
	}
	const group = "update aws:autoscaling:Group laravel-staging-cluster-group: maxSize"
	if got := found("--exclude", drift.Excluded); got != group {
		t.Errorf("the comparison finds\n%s", got)
	}
	if got := found(); !strings.Contains(got, "aws:secretsmanager:SecretVersion") {
		t.Errorf("with the secrets it finds\n%s", got)
	}
}

// TestUnknowns: package preview has Pulumi's own values for what is known after the update.
func TestUnknowns(t *testing.T) {
	t.Parallel()
	for i, value := range []string{
		sig.UnknownBoolValue, sig.UnknownNumberValue, sig.UnknownStringValue, sig.UnknownArrayValue, sig.UnknownObjectValue,
	} {
		if preview.Unknowns[i] != value {
			t.Errorf("%s is %s in the SDK", preview.Unknowns[i], value)
		}
	}
	if len(preview.Unknowns) != 5 {
		t.Errorf("%d unknown values", len(preview.Unknowns))
	}
}
