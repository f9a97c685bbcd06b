# The images in Docker. Included by the Makefile.

.PHONY: sam
sam: weights .venv-sam/installed  ## the function's image, built and run by SAM in Docker
	@infra/docker/with-engine.sh $(BIN)/python -m infra.docker.chain

.PHONY: video-image
video-image: weights  ## the video job's image, built and run in Docker as AWS Batch does; takes 15 GB of disk
	@infra/docker/with-engine.sh $(BIN)/python -m infra.docker.video_chain

.PHONY: sam-up
sam-up: .venv/installed .venv-sam/installed  ## an AWS in a container, for sam commands of your own
	@$(BIN)/python -m infra.docker.up up $(if $(BASE_IMAGE),--base-image $(BASE_IMAGE))

.PHONY: sam-down
sam-down: .venv/installed  ## take that AWS away
	@$(BIN)/python -m infra.docker.up down
