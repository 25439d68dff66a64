"""The custom resource that sets a Region's model invocation logging, and never takes another's."""
