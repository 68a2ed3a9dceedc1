namespace Fovea.Training.Datasets;

/// <summary>
/// One batch of images and their classes. The loader reuses the arrays: asking for the next batch may overwrite them, so the caller must
/// finish with one batch before it asks for another.
/// </summary>
/// <param name="Images">The images, [N, C, H, W]; the first <paramref name="Count"/> are valid.</param>
/// <param name="Targets">The class index of each image, [N].</param>
/// <param name="Count">The number of valid images, 1 to N.</param>
/// <param name="Share">The weight of each image in its <see cref="MixUp"/> pair, 0 to 1; 1 if the batch was not mixed.</param>
/// <param name="LabelSets">The labels of each image, [N], if images can have several; otherwise null.</param>
internal sealed record TrainingBatch(float[] Images, int[] Targets, int Count, float Share = 1, IReadOnlyList<int>[]? LabelSets = null);
