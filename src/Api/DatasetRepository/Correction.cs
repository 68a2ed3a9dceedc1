namespace Fovea.Api.DatasetRepository;

/// <summary>A file of an archive of corrections. Whether it is an image is not known yet.</summary>
/// <param name="Archived">The file in the archive.</param>
/// <param name="Part">The part train, val or test; null: the archive does not divide its images into parts.</param>
/// <param name="Labels">The new labels of the image; null: the image is to be removed.</param>
internal sealed record Correction(ArchivedFile Archived, string? Part, IReadOnlyList<string>? Labels);
