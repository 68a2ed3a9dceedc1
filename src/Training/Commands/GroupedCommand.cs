using System.CommandLine;

namespace Fovea.Training.Commands;

/// <summary>A command whose help lists the options in groups with titles.</summary>
/// <param name="name">The name on the command line.</param>
/// <param name="description">The first sentence of the help.</param>
internal sealed class GroupedCommand(string name, string description) : Command(name, description)
{
    private readonly List<OptionGroup> groups = [];

    /// <summary>The groups in the order of the help.</summary>
    public IReadOnlyList<OptionGroup> Groups => groups;

    public void Add(OptionGroup group)
    {
        groups.Add(group);
        foreach (var option in group.Options)
        {
            Options.Add(option);
        }
    }
}

/// <summary>Options that the help lists together.</summary>
/// <param name="Title">The heading of the group.</param>
/// <param name="Options">The options in the order of the help.</param>
internal sealed record OptionGroup(string Title, params IReadOnlyList<Option> Options);
