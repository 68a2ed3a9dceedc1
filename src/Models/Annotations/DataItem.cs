namespace Fovea.Models.Annotations;

/// <summary>A file of a data set, with its labels. Whether the file is a readable image is not checked.</summary>
/// <param name="Index">The file's index in the list of files.</param>
/// <param name="Part">The file's part of the data set; <c>null</c> if the data set has no parts.</param>
/// <param name="Labels">The name of the class folder; from a list of labels, any number of different names.</param>
public sealed record DataItem(int Index, DataPart? Part, IReadOnlyList<string> Labels);
