"""Records to rows, columns and summaries. No text and no pictures."""
