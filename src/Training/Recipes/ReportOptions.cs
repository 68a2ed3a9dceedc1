namespace Fovea.Training.Recipes;

/// <summary>The names in a report, and where the images are that it links.</summary>
internal sealed record ReportOptions
{
    /// <summary>The name of the trained model; null: that of its file.</summary>
    public string? Model { get; init; }

    /// <summary>The folder of the data set, which <see cref="ImageAddress"/> stands for; null: it is not known.</summary>
    public string? DataFolder { get; init; }

    /// <summary>
    /// The address under which a service answers with the images of the data set, up to and with the last slash; null: the report links
    /// the files.
    /// </summary>
    public string? ImageAddress { get; init; }
}
