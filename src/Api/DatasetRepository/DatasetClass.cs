namespace Fovea.Api.DatasetRepository;

/// <summary>A class of a data set.</summary>
/// <param name="Label">The name of the class.</param>
/// <param name="Count">The number of images in all parts together.</param>
/// <param name="Train">The number of training images, at least 1.</param>
/// <param name="Val">The number of validation images, at least 1 unless images have several labels.</param>
/// <param name="Test">The number of test images; 0 if the archive has no test part.</param>
internal sealed record DatasetClass(string Label, int Count, int Train, int Val, int Test);
