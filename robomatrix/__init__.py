"""RoboMatrix: language commands, carried out by learned skills, on simulated and real robots.

The three layers of the paper are three packages: ``scheduling`` (instruction to plan), ``skills`` (plan step to motion)
and ``hardware`` (motion to robot). Imports go one way, scheduling to skills to hardware; nothing here imports ROS.
"""
