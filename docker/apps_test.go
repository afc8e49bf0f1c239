package docker_test

import "testing"

// buildApp builds the image of an application in testdata/apps.
func buildApp(t *testing.T, name string) (image string) {
	t.Helper()
	buildTree(t, appTree(t, name), imageTag(name), "--build-arg", "APP=app")
	return imageTag(name)
}

func imageTag(name string) string { return image + "-" + name }
