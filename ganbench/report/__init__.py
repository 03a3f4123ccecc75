"""Headlines and tables as text, data and pages."""
