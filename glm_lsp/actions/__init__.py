"""What is offered, and the journey from a command to text."""
