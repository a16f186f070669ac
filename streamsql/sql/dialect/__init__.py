"""Text to trees and back: a strict sqlglot dialect."""
