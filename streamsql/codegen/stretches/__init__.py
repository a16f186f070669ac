"""What lies between an input and the next stateful processors, as one function."""
