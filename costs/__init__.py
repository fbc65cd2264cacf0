"""What a deployment costs: idle, and for a thousand jobs, computed from the templates and a price file."""
