# checkov:skip=CKV_DOCKER_2: Who starts it asks for its answer himself.
# checkov:skip=CKV_DOCKER_7: The tag is in BASE_IMAGE, whose default is a version.
# An AWS for containers: moto's server, built of the same base and the same wheels as the function's image.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/installer
COPY requirements/stand-in.txt .cach[e]/wheelhouse/*.whl /wheelhouse/
RUN if ls /wheelhouse/*.whl >/dev/null 2>&1; then \
      printf '[global]\nno-index = true\nfind-links = /wheelhouse\n' >/etc/pip.conf; \
    fi
RUN /opt/installer/bin/pip install --quiet --no-deps --require-hashes -r /wheelhouse/stand-in.txt
USER 65534:65534
ENV HOME=/tmp
EXPOSE 5000
CMD ["/opt/installer/bin/moto_server", "--host", "0.0.0.0", "--port", "5000"]
