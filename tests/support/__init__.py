"""What tests of several parts share: ports in memory, and what template.yaml deploys."""
