using System.Text.RegularExpressions;

namespace Fovea.Api.Tests.Deployment;

/// <summary>The last stages of the Dockerfiles, which become the images.</summary>
public sealed partial class ImageTests
{
    public static TheoryData<string> Files => new("Dockerfile", "Dockerfile.gpu");

    [Theory, MemberData(nameof(Files))]
    public void Image_has_no_shell(string file)
    {
        var lines = LastStage(file);

        // Microsoft's chiseled images have no shell and no package manager. Commands in brackets start without a shell.
        Assert.EndsWith("-chiseled", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.StartsWith("RUN ", StringComparison.Ordinal));
        Assert.All(lines.Where(line => Start().IsMatch(line)), line => Assert.EndsWith("\"]", line, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Files))]
    public void Image_runs_as_the_user_of_the_base_image_and_not_as_root(string file) =>
        Assert.Equal(["USER $APP_UID"], LastStage(file).Where(line => line.StartsWith("USER ", StringComparison.Ordinal)));

    private static string[] LastStage(string file)
    {
        var lines = File.ReadAllLines(RepositoryRoot.PathOf("docker", file));
        return lines[Array.FindLastIndex(lines, line => line.StartsWith("FROM ", StringComparison.Ordinal))..];
    }

    [GeneratedRegex("^(ENTRYPOINT|CMD|HEALTHCHECK) ")]
    private static partial Regex Start();
}
