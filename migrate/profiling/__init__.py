"""What the source holds, measured before anybody maps it: fields, keys, references, personal data, scope and drift."""
