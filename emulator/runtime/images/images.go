// Package images holds the images of the servers that the emulator runs: one folder with a Dockerfile for each.
package images

import "embed"

// Files are the folders.
//
//go:embed */*
var Files embed.FS
