"""Human-and-ball motion clips: loading, repair, mirroring, loop points, retargeting to a robot, pictures."""
