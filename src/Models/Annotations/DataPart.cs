namespace Fovea.Models.Annotations;

/// <summary>The use of the images in one part of a data set.</summary>
public enum DataPart
{
    /// <summary>The images train a network. Folder: train or training.</summary>
    Train,

    /// <summary>The images choose the best epoch or network. Folder: val, valid or validation.</summary>
    Validation,

    /// <summary>The images measure the accuracy of the chosen network. Folder: test or testing.</summary>
    Test,
}

/// <summary>The names of the folders that divide a data set.</summary>
public static class DataParts
{
    /// <summary>The part that a folder name means, in upper or lower case; <c>null</c> if it means none.</summary>
    public static DataPart? Named(string folder) => folder.ToUpperInvariant() switch
    {
        "TRAIN" or "TRAINING" => DataPart.Train,
        "VAL" or "VALID" or "VALIDATION" => DataPart.Validation,
        "TEST" or "TESTING" => DataPart.Test,
        _ => null,
    };
}
