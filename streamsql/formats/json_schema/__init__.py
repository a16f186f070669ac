"""JSON_SR: the text of JSON behind the number of its schema."""
