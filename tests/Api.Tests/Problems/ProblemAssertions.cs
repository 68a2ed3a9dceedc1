using System.Net.Http.Json;
using System.Text.Json;

namespace Fovea.Api.Tests.Problems;

internal static class ProblemAssertions
{
    /// <summary>Asserts that an answer is a complete and consistent problem document.</summary>
    public static async Task IsProblem(this HttpResponseMessage answer, int status, string code, string named)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).IsProblem(status, code, named);
    }

    public static void IsProblem(this JsonElement problem, int status, string code, string named)
    {
        Assert.Equal(["type", "title", "status", "detail", "code"], problem.EnumerateObject().Select(p => p.Name));
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(code, problem.GetProperty("code").GetString());
        var detail = problem.GetProperty("detail").GetString()!;
        Assert.Contains(named, detail, StringComparison.Ordinal);
        Assert.EndsWith(".", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", detail, StringComparison.Ordinal);
    }
}
