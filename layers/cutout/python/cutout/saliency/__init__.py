"""From pictures to saliency maps: U-2-Net, its weights, the engines that run it."""
