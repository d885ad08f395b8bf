"""Import of a lesson folder through the operations of the course and content services."""
