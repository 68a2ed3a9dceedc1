using System.Globalization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Where a version lies in the repository, or would lie; moves it in and out, and publishes it. Other services may do the same at the
/// same time.
/// </summary>
/// <param name="Model">The model's folder, which need not exist.</param>
/// <param name="Number">The version, from 1.</param>
internal sealed record VersionPlace(string Model, int Number)
{
    // Another service may delete the model's folder, once it is empty, between our making it and our moving a version in.
    private const int MostTries = 10;

    /// <summary>The version's folder.</summary>
    public string Path => System.IO.Path.Combine(Model, Name);

    /// <summary>Whether there is such a version now.</summary>
    public bool IsTaken => System.IO.Path.Exists(Path);

    private string Name => Number.ToString(CultureInfo.InvariantCulture);

    private string ModelName => System.IO.Path.GetFileName(Model);

    /// <summary>The place of a version that is known.</summary>
    public static VersionPlace Of(ModelVersion version) => new(version.Folder.ModelFolder, version.Number);

    /// <summary>Refuses if there is such a version.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Conflict"/>.</exception>
    public void RefuseTaken()
    {
        if (IsTaken)
        {
            throw new FoveaException(
                ErrorCode.Conflict,
                $"{ModelName} has a version {Number} already; expected a number that is free, since a version never changes.");
        }
    }

    /// <summary>The error for a version that was known and is no longer there.</summary>
    public FoveaException Gone() => new(ErrorCode.UnknownModel, $"{ModelName} has no version {Number} any more: it was deleted meanwhile.");

    /// <summary>Makes staged files this version.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.Conflict"/>: there is such a version.</exception>
    /// <exception cref="IOException">The repository cannot be written to.</exception>
    public void MoveIn(StagingFolder staging)
    {
        for (int tries = 1; ; tries++)
        {
            RefuseTaken();
            try
            {
                Directory.CreateDirectory(Model);
                Directory.Move(staging.Path, Path);
                return;
            }
            catch (IOException) when (IsTaken)
            {
                // Another service was first; the next look says so.
            }
            catch (DirectoryNotFoundException) when (tries < MostTries)
            {
                // The folder was deleted before the version was in it; it is made again.
            }
        }
    }

    /// <summary>
    /// Moves this version into a staging folder, which deletes it; and deletes the model's folder if nothing is left in it.
    /// </summary>
    /// <param name="staging">The staging folder.</param>
    /// <param name="serving">The version that serves here.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>: there is no such version any more.
    /// <see cref="ErrorCode.Conflict"/>: it serves, and is not the only one.</exception>
    /// <exception cref="IOException">The repository cannot be written to.</exception>
    public void MoveOut(StagingFolder staging, int? serving)
    {
        var (there, choice, moved) = (ModelFolder.Read(Model), new VersionChoice(Model), System.IO.Path.Combine(staging.Path, Name));
        bool isOnly = there.Versions.All(version => version.Number == Number);
        if (!isOnly && (Number == serving || Number == there.Serving?.Number))
        {
            throw Serves();
        }

        try
        {
            Directory.Move(Path, moved);
        }
        catch (DirectoryNotFoundException) when (!IsTaken)
        {
            throw Gone();
        }

        if (isOnly)
        {
            choice.Forget(ModelFolder.Default);
            choice.Forget(ModelFolder.Previous);
            choice.DeleteFolderIfEmpty();
        }
        else if (ModelFolder.ReadNumber(Model, ModelFolder.Default) == Name)
        {
            // Another service has published it since it was looked at.
            Directory.Move(moved, Path);
            throw Serves();
        }
    }

    /// <summary>Makes this version the one that serves.</summary>
    /// <param name="before">The version that serves until now; null if there is none.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.UnknownModel"/>: there is no such version any more.
    /// <see cref="ErrorCode.CannotWrite"/>.</exception>
    public void Publish(int? before)
    {
        var choice = new VersionChoice(Model);
        if (!IsTaken)
        {
            throw Gone();
        }

        var (chosen, previous) = (ModelFolder.ReadNumber(Model, ModelFolder.Default), ModelFolder.ReadNumber(Model, ModelFolder.Previous));
        if (before is not null && before != Number)
        {
            choice.Write(ModelFolder.Previous, $"{before}");
        }

        choice.Write(ModelFolder.Default, Name);
        if (!IsTaken)
        {
            // Another service has deleted it since it was looked at.
            choice.Restore(ModelFolder.Default, chosen);
            choice.Restore(ModelFolder.Previous, previous);
            choice.DeleteFolderIfEmpty();
            throw Gone();
        }
    }

    private FoveaException Serves() => new(
        ErrorCode.Conflict,
        $"Version {Number} of {ModelName} serves; publish another before deleting it.");
}
