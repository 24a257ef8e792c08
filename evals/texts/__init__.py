"""Texts: numbers written for people, text from outside made safe, thoughts told from answers. Pure functions."""
