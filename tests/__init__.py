"""The tests; folders mirror qa_bot, training and benchmarks."""
