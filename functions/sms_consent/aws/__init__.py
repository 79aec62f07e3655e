"""The ports on AWS: boto's client library is used here and nowhere else."""
