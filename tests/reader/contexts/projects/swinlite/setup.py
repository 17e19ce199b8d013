from setuptools import find_packages, setup

setup(name="swin-lite", packages=find_packages(), version="0.1.4", install_requires=["torch>=2.0", "einops"])
