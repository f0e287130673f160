"""What the page shows: answers as HTML, and its Chinese sentences. No retrieval, no state."""
