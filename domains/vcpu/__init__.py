"""vCPU slots, their topology and the rules for changing them: plain values and pure functions."""
