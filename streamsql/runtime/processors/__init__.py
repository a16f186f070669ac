"""The stateful operators at work, one module a kind. Stateless ones are generated code."""
