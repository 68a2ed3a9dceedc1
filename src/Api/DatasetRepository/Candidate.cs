namespace Fovea.Api.DatasetRepository;

/// <summary>A file of an archive that has labels. Whether it is an image is not known yet.</summary>
/// <param name="Archived">The file in the archive.</param>
/// <param name="Part">The part train, val or test; null: the archive does not divide its images into parts.</param>
/// <param name="Folder">The file's folder in the data set: the class, or one common folder if a list gives the labels.</param>
/// <param name="File">The file's name in the data set.</param>
/// <param name="Labels">The labels of the image: one class, or any number of labels if a list gives them.</param>
internal sealed record Candidate(ArchivedFile Archived, string? Part, string Folder, string File, IReadOnlyList<string> Labels);
