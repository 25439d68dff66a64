"""Model invocation logging: the configuration, its drift, and the permissions that it rests on."""
