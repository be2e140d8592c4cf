"""What Canoe claims of its speed, each beside a peer or a floor in the same run."""
