"""What the engines and evaluators that compute in torch and Triton share."""
