package runner

// serveAPI answers AWS's API for the stack of the command.
func (h *host) serveAPI() (endpoint string, stop func(), err error) {
	return h.opened[h.main.Stack.Name].api.Serve()
}
