"""Bond bridges and Smart by Bond (`bond`)."""
