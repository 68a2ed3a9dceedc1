namespace Fovea.Training.Recipes;

/// <summary>The names that a report shows, and the place of the images to which it links.</summary>
internal sealed record ReportOptions
{
    /// <summary>The name of the trained model; null: the name of its file.</summary>
    public string? Model { get; init; }

    /// <summary>The folder of the data set, to which <see cref="ImageAddress"/> corresponds; null if it is not known.</summary>
    public string? DataFolder { get; init; }

    /// <summary>
    /// The address under which a service serves the images of the data set, with a slash at its end; null: the report links to the files.
    /// </summary>
    public string? ImageAddress { get; init; }
}
