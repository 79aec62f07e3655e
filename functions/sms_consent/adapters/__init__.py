"""AWS and the system clock, behind the interfaces of the other packages."""
