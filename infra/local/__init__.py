"""The embedded AWS: the project's own template, deployed on loopback, with the function run by its real entry point."""
