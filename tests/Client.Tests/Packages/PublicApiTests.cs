using System.Reflection;

namespace Fovea.Client.Tests.Packages;

/// <summary>The public types and members of the libraries.</summary>
public sealed class PublicApiTests
{
    private static readonly Dictionary<string, Assembly> Libraries = new Assembly[]
    {
        typeof(FoveaClient).Assembly, typeof(Models.Runtime.Classifier).Assembly, typeof(Training.Library.TrainingRun).Assembly,
    }.ToDictionary(library => library.GetName().Name!);

    public static TheoryData<string> Names => new(Libraries.Keys);

    /// <summary>
    /// A change of a library's interface shows in review as a change of its file in docs/api. The test leaves the present list beside its
    /// program, for copying.
    /// </summary>
    [Theory, MemberData(nameof(Names))]
    public async Task Interface_is_the_one_in_the_repository(string name)
    {
        var now = PublicApi.Of(Libraries[name]);
        var copy = Path.Combine(AppContext.BaseDirectory, $"{name}.txt");
        await File.WriteAllTextAsync(copy, now, TestContext.Current.CancellationToken);
        var stored = RepositoryRoot.PathOf("docs", "api", $"{name}.txt");
        Assert.True(
            File.Exists(stored) && now == await File.ReadAllTextAsync(stored, TestContext.Current.CancellationToken),
            $"The interface of {name} has changed. If that is meant, copy {copy} to docs/api.");
    }

    [Fact]
    public void Training_has_few_public_types()
    {
        Assert.All(Libraries["Fovea.Training"].GetExportedTypes(), type => Assert.Equal("Fovea.Training.Library", type.Namespace));
        Assert.InRange(Libraries["Fovea.Training"].GetExportedTypes().Length, 1, 5);
    }
}
